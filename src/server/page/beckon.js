/* beckon.js — what visitors do on a page, sent to Beckon. Nothing else is loaded.
 *
 *   <script async src="https://beckon.example/beckon.js" data-key="bk_src_…"></script>
 *
 * data-auto="off"          no page views by themselves
 * data-consent="required"  nothing is stored or sent before beckon.consent(true)
 * data-track="Event"       on any element: its click is that event; other data-track-… attributes
 *                          are its properties
 *
 * Calls may come before it has loaded: window.beckon = window.beckon || []; beckon.push(['track', 'Event', {}]).
 * Documentation: docs/browser.md */
(function () {
  'use strict'
  var d = document, w = window, script = d.currentScript
  var key = script && script.getAttribute('data-key')
  if (!key) return console.warn('beckon.js: data-key is missing')
  var host = script.getAttribute('data-host') || new URL(script.src).origin
  var auto = script.getAttribute('data-auto') !== 'off'
  var asks = script.getAttribute('data-consent') === 'required'
  var VISIT = 18e5, KEPT = 200, AT_ONCE = 50, SOON = 300
  var early = w.beckon || []
  var store = memory(), waiting = [], timer, sending = false, tries = 0, lastPath
  var may = !asks || read('bk_may') === '1'

  /* ---- what is kept in the browser ---- */

  function memory() {
    try {
      var s = w.localStorage
      s.setItem('bk_t', '1')
      s.removeItem('bk_t')
      return s
    } catch (e) {
      var m = {}
      return {
        getItem: function (k) { return k in m ? m[k] : null },
        setItem: function (k, v) { m[k] = v },
        removeItem: function (k) { delete m[k] }
      }
    }
  }
  function read(k) { return store.getItem(k) }
  function write(k, v) {
    try { v == null ? store.removeItem(k) : store.setItem(k, v) } catch (e) { /* full: it is not kept */ }
  }
  function uuid() {
    if (w.crypto && crypto.randomUUID) return crypto.randomUUID()
    return 'xxxxxxxxxxxx4xxxyxxxxxxxxxxxxxxx'.replace(/[xy]/g, function (c) {
      var r = (Math.random() * 16) | 0
      return (c === 'x' ? r : (r & 3) | 8).toString(16)
    })
  }
  /* A cookie on the widest domain that takes it, so that www and shop are one visitor. */
  function cookie(name, value) {
    if (value === undefined) {
      var m = d.cookie.match('(?:^|; )' + name + '=([^;]*)')
      return m && decodeURIComponent(m[1])
    }
    var parts = location.hostname.split('.')
    for (var i = parts.length - 1; i >= 0; i--) {
      var domain = i === 0 && parts.length < 2 ? '' : ';domain=' + parts.slice(i).join('.')
      d.cookie = name + '=' + encodeURIComponent(value) + ';path=/;max-age=' + (value ? 31536e3 : 0) +
        ';samesite=lax' + (location.protocol === 'https:' ? ';secure' : '') + domain
      if (value && cookie(name) === value) return
    }
  }
  function visitor() {
    var id = read('bk_id') || cookie('bk_id') || uuid()
    if (may && read('bk_id') !== id) { write('bk_id', id); cookie('bk_id', id) }
    return id
  }
  /* A visit ends after 30 minutes without an event, or with another campaign. */
  function visit(campaign) {
    var now = Date.now(), v
    try { v = JSON.parse(read('bk_visit')) } catch (e) { v = null }
    var from = campaign ? JSON.stringify(campaign) : ''
    if (!v || now - v.last > VISIT || (from && from !== v.from)) v = { id: uuid(), n: 0, from: from }
    v.last = now
    v.n++
    write('bk_visit', JSON.stringify(v))
    return v
  }

  /* ---- what an event knows of its page ---- */

  function campaign() {
    var q = new URLSearchParams(location.search), c = {}, any = false
    ;['source', 'medium', 'campaign', 'term', 'content', 'id'].forEach(function (n) {
      var v = q.get('utm_' + n)
      if (v) { c[n === 'campaign' ? 'name' : n] = v; any = true }
    })
    return any ? c : undefined
  }
  function context() {
    var c = campaign(), v = visit(c), zone
    try { zone = Intl.DateTimeFormat().resolvedOptions().timeZone } catch (e) { /* old browser */ }
    return {
      library: { name: 'beckon.js', version: '1' },
      page: { url: location.href, path: location.pathname, search: location.search, title: d.title, referrer: d.referrer },
      campaign: c,
      sessionId: v.id,
      sessionStart: v.n === 1 || undefined,
      userAgent: navigator.userAgent,
      locale: navigator.language,
      timezone: zone,
      screen: { width: screen.width, height: screen.height }
    }
  }

  /* ---- sending: batches, kept until they are answered ---- */

  function kept() {
    try { return JSON.parse(read('bk_queue')) || [] } catch (e) { return [] }
  }
  function put(type, fields) {
    var item = { type: type, messageId: uuid(), timestamp: new Date().toISOString() }
    if (!may) { /* nothing is known of the visitor yet, not even who she is */
      if (waiting.length < KEPT) waiting.push([type, fields])
      return
    }
    for (var k in fields) item[k] = fields[k]
    item.anonymousId = visitor()
    if (!item.userId && read('bk_user')) item.userId = read('bk_user')
    item.context = context()
    var q = kept()
    q.push(item)
    write('bk_queue', JSON.stringify(q.slice(-KEPT)))
    later(SOON)
  }
  function later(ms) {
    clearTimeout(timer)
    timer = setTimeout(flush, ms)
  }
  function body(items) {
    return JSON.stringify({ writeKey: key, batch: items, sentAt: new Date().toISOString() })
  }
  /* Takes what was answered out of the queue; other tabs may have added to it meanwhile. */
  function done(items) {
    var ids = {}
    items.forEach(function (i) { ids[i.messageId] = 1 })
    write('bk_queue', JSON.stringify(kept().filter(function (i) { return !ids[i.messageId] })))
  }
  function again(after) {
    tries = Math.min(tries + 1, 8)
    later(after || Math.min(3e5, 1e3 * Math.pow(2, tries)) * (0.5 + Math.random()))
  }
  function flush() {
    var items = kept().slice(0, AT_ONCE)
    if (!may || sending || !items.length) return
    sending = true
    /* text/plain with the key in the body: no preflight */
    fetch(host + '/v1/batch', { method: 'POST', body: body(items), headers: { 'Content-Type': 'text/plain' }, keepalive: items.length < 10 })
      .then(function (r) {
        sending = false
        if (r.status === 429 || r.status >= 500) return again(1e3 * r.headers.get('Retry-After'))
        tries = 0
        done(items)
        if (kept().length) later(0)
      })
      .catch(function () { sending = false; again() })
  }
  /* The page goes: what is left is handed to the browser; a doubled message is taken once. */
  function leave() {
    var items = kept().slice(0, AT_ONCE)
    if (may && items.length && navigator.sendBeacon && navigator.sendBeacon(host + '/v1/batch', body(items))) done(items)
  }

  /* ---- the calls ---- */

  var api = {
    track: function (event, properties) { put('track', { event: event, properties: properties || {} }) },
    page: function (name, properties) {
      if (name && typeof name === 'object') { properties = name; name = undefined }
      var p = { url: location.href, path: location.pathname, title: d.title, referrer: d.referrer }
      for (var k in properties) p[k] = properties[k]
      lastPath = location.pathname + location.search
      put('page', { name: name || d.title, properties: p })
    },
    identify: function (userId, traits) {
      if (userId && typeof userId === 'object') { traits = userId; userId = undefined }
      if (userId && may) write('bk_user', String(userId))
      put('identify', { userId: userId && String(userId), traits: traits || {} })
    },
    group: function (groupId, traits) { put('group', { groupId: groupId, traits: traits || {} }) },
    alias: function (userId, previousId) {
      put('alias', { userId: userId, previousId: previousId || read('bk_user') || visitor() })
      if (may) write('bk_user', String(userId))
    },
    /* After a log-out: whoever comes next is somebody else. */
    reset: function () {
      ;['bk_user', 'bk_id', 'bk_visit'].forEach(function (k) { write(k, null) })
      cookie('bk_id', '')
    },
    /* true: what waited goes out; false: what was kept goes, and nothing is sent any more. */
    consent: function (yes) {
      may = !!yes
      if (!may) {
        waiting = []
        ;['bk_may', 'bk_user', 'bk_id', 'bk_visit', 'bk_queue'].forEach(function (k) { write(k, null) })
        return cookie('bk_id', '')
      }
      write('bk_may', '1')
      waiting.splice(0).forEach(function (c) {
        if (c[0] === 'identify' && c[1].userId) write('bk_user', c[1].userId)
        put(c[0], c[1])
      })
    },
    /* Clicks on what the selector finds, now and later. */
    click: function (selector, event, properties) {
      on('click', selector, function (el) { api.track(event, value(properties, el)) })
    },
    /* A form that is sent: the event with its fields; what looks like an e-mail or a phone names who it is. */
    form: function (selector, event, options) {
      on('submit', selector, function (el) {
        var fields = fieldsOf(el), traits = {}
        if (fields.email) traits.email = fields.email
        if (fields.phone || fields.mobile) traits.phone = fields.phone || fields.mobile
        if (!(options && options.identify === false) && (traits.email || traits.phone)) api.identify(traits)
        api.track(event || 'Form Sent', fields)
      })
    },
    flush: flush,
    anonymousId: function () { return visitor() },
    push: function () {
      for (var i = 0; i < arguments.length; i++) {
        var c = arguments[i]
        if (api[c[0]]) api[c[0]].apply(api, Array.prototype.slice.call(c, 1))
      }
    }
  }
  function value(v, el) { return typeof v === 'function' ? v(el) : v }
  function on(what, selector, run) {
    d.addEventListener(what, function (e) {
      var el = e.target && e.target.closest && e.target.closest(selector)
      if (el) run(el)
    }, true)
  }
  /* Passwords, files, card numbers and hidden fields stay where they are. */
  function fieldsOf(form) {
    var out = {}
    Array.prototype.forEach.call(form.elements, function (f) {
      var secret = /password|file|hidden|submit|button/.test(f.type) || /cc-|password/.test(f.autocomplete || '')
      if (!f.name || secret || ((f.type === 'checkbox' || f.type === 'radio') && !f.checked)) return
      out[f.name] = String(f.value).slice(0, 1000)
    })
    return out
  }
  function attributes(el) {
    var out = {}
    Array.prototype.forEach.call(el.attributes, function (a) {
      if (a.name.indexOf('data-track-') === 0) out[a.name.slice(11).replace(/-/g, '_')] = a.value
    })
    return out
  }

  on('click', '[data-track]', function (el) { api.track(el.getAttribute('data-track'), attributes(el)) })
  w.addEventListener('pagehide', leave)
  d.addEventListener('visibilitychange', function () { if (d.visibilityState === 'hidden') leave() })
  if (auto) {
    var moved = function () { if (location.pathname + location.search !== lastPath) api.page() }
    ;['pushState', 'replaceState'].forEach(function (n) {
      var was = history[n]
      history[n] = function () { var r = was.apply(this, arguments); setTimeout(moved, 0); return r }
    })
    w.addEventListener('popstate', moved)
    api.page()
  }
  w.beckon = api
  api.push.apply(api, early)
  later(SOON)
})()
