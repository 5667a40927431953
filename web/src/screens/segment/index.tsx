export default function Segment() {
  return <main className="page" />
}
