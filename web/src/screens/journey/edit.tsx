export default function JourneyEdit() {
  return <main className="page" />
}
