export default function Insights() {
  return <main className="page" />
}
