export default function Playbooks() {
  return <main className="page" />
}
