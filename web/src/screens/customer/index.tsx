export default function Customer() {
  return <main className="page" />
}
