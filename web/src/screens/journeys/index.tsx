export default function Journeys() {
  return <main className="page" />
}
