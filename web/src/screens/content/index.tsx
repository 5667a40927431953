export default function Content() {
  return <main className="page" />
}
