export default function Simulate() {
  return <main className="page" />
}
