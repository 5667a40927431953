export default function Data() {
  return <main className="page" />
}
