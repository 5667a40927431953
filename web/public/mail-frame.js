// Shows the mail that the page around it hands over. Served with a policy that lets nothing but this file run.
addEventListener('message', (e) => {
  if (e.source !== parent || typeof e.data?.html !== 'string') return
  const mail = new DOMParser().parseFromString(e.data.html, 'text/html')
  document.replaceChild(document.adoptNode(mail.documentElement), document.documentElement)
  const tell = () => parent.postMessage({ mailHeight: Math.max(document.documentElement.scrollHeight, document.body?.scrollHeight ?? 0) }, '*')
  addEventListener('load', tell, true)
  tell()
})
addEventListener('click', (e) => e.preventDefault(), true)
parent.postMessage({ mailReady: true }, '*')
