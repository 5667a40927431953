export default function Today() {
  return <main className="page" />
}
