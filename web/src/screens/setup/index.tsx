export default function Setup() {
  return <main className="page" />
}
