export default function FirstRun(_: { tokenNeeded?: boolean; chosen?: boolean }) {
  return <main className="page" />
}
