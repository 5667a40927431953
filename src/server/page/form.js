/* A form put where its script stands, in a shadow root: the shop's styles do not reach in, ours not out. */
(function (script, form) {
  const zh = (document.documentElement.lang || navigator.language || "").toLowerCase().startsWith("zh")
  const words = text => typeof text === "string" ? text : text ? text[zh ? "zh" : "en"] || text[zh ? "en" : "zh"] || "" : ""
  const make = (name, set, ...inside) => {
    const node = Object.assign(document.createElement(name), set)
    node.append(...inside)
    return node
  }
  const field = f => {
    if (f.type === "checkbox") return make("label", { className: "choice" },
      make("input", { type: "checkbox", name: f.name, value: "true", required: f.required }), make("span", {}, words(f.label) || f.name))
    const input = f.type === "select"
      ? make("select", {}, make("option", { value: "" }), ...f.options.map(o =>
        make("option", { value: o.value ?? words(o) }, words(o.label) || (o.value ?? words(o)))))
      : f.type === "textarea" ? make("textarea", { rows: 4, maxLength: 2000 }) : make("input", { type: f.type, maxLength: 1000 })
    Object.assign(input, { name: f.name, required: f.required, autocomplete: f.autocomplete || "" })
    if (f.type === "hidden") return input
    return make("label", { className: "field" }, make("span", {}, (words(f.label) || f.name) + (f.required ? " *" : "")), input)
  }
  const agree = form.consent && make("label", { className: "choice" },
    make("input", { type: "checkbox", name: "bk_agree", value: "true", required: !!form.consent.required }), make("span", {}, words(form.consent.text)))
  const status = make("p", { className: "status" })
  status.setAttribute("role", "status")
  const trap = make("input", { name: "bk_url", tabIndex: -1, autocomplete: "off", className: "hp" })
  trap.setAttribute("aria-hidden", "true")
  const button = make("button", {}, words(form.button) || (zh ? "提交" : "Send"))
  const node = make("form", {}, ...form.fields.map(field), ...(agree ? [agree] : []), trap, button, status)
  node.addEventListener("submit", async event => {
    event.preventDefault()
    button.disabled = true
    const body = new URLSearchParams(new FormData(node))
    body.set("bk_t", form.token)
    body.set("bk_page", location.href.split(/[?#]/)[0])
    body.set("bk_lang", zh ? "zh" : "en")
    try {
      const anonymous = JSON.parse(localStorage.getItem("ajs_anonymous_id"))
      if (typeof anonymous === "string") body.set("bk_anonymous", anonymous)
    } catch { /* none is kept */ }
    try {
      const answer = await fetch(form.action, { method: "POST", body, headers: { accept: "application/json" } })
      const said = await answer.json()
      if (answer.ok && said.redirect) location.assign(said.redirect)
      status.textContent = answer.ok ? said.message : said.detail
      if (answer.ok) node.replaceChildren(status)
    } catch {
      status.textContent = zh ? "现在无法发送，请稍后再试。" : "It cannot be sent now. Please try again."
    }
    button.disabled = false
  })
  const host = make("div", { className: "beckon-form" })
  const root = host.attachShadow({ mode: "open" }), sheet = new CSSStyleSheet()
  sheet.replaceSync(
    ":host{display:block;max-width:480px;font:16px/1.6 inherit}.field,.choice{display:block;margin:0 0 14px}.field span{display:block;font-weight:500}" +
    "input:not([type=checkbox]),select,textarea{box-sizing:border-box;width:100%;min-height:44px;padding:8px 12px;font:inherit;border:1px solid #84908a;border-radius:8px}" +
    ".choice{display:flex;gap:10px}.choice input{flex:none;width:20px;height:20px;margin:3px 0 0}" +
    "button{width:100%;min-height:46px;font:inherit;font-weight:600;color:#fff;background:#0b6e63;border:0;border-radius:8px;cursor:pointer}" +
    "button:disabled{opacity:.6}.status:empty{display:none}.hp{position:absolute;left:-9999px}")
  root.adoptedStyleSheets = [sheet] // no inline style: the shop's policy may forbid it
  root.append(node)
  script.after(host)
})
