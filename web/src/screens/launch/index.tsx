export default function Launch() {
  return <main className="page" />
}
