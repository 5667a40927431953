// Shows the mail that the page around it hands over. Served with a policy that lets nothing but this file run.
// A mail made of blocks has a row for each (src/content/blocks.c), between one that is empty above and one below: which one was
// clicked is told, and the row to be marked gets a frame.
let marked = -1
const rows = () => [...(document.querySelector('.bk-card > tbody')?.children ?? [])].slice(1, -1)
const mark = () => rows().forEach((r, i) => { r.style.outline = i === marked ? '2px solid #0b6e63' : ''; r.style.outlineOffset = '-2px' })
addEventListener('message', (e) => {
  if (e.source !== parent) return
  if (typeof e.data?.mark === 'number') {
    marked = e.data.mark
    mark()
  }
  if (typeof e.data?.html !== 'string') return
  const mail = new DOMParser().parseFromString(e.data.html, 'text/html')
  document.replaceChild(document.adoptNode(mail.documentElement), document.documentElement)
  mark()
  const tell = () => parent.postMessage({ mailHeight: Math.max(document.documentElement.scrollHeight, document.body?.scrollHeight ?? 0) }, '*')
  addEventListener('load', tell, true)
  tell()
})
addEventListener('click', (e) => {
  e.preventDefault()
  const all = rows(), at = all.findIndex((r) => r.contains(e.target))
  if (at >= 0) parent.postMessage({ mailRow: at, mailRows: all.length }, '*')
}, true)
parent.postMessage({ mailReady: true }, '*')
