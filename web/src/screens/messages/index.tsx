export default function Messages() {
  return <main className="page" />
}
