export default function Journey() {
  return <main className="page" />
}
