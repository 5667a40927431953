export default function Customers() {
  return <main className="page" />
}
