export default function Message() {
  return <main className="page" />
}
