export default function Settings() {
  return <main className="page" />
}
