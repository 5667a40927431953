export default function Tasks() {
  return <main className="page" />
}
