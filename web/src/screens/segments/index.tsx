export default function Segments() {
  return <main className="page" />
}
