// Fields and bytes light each other: by mouse, touch and keyboard. One field of a message is lit at a time.

const pair = (message, n) => ({
  span: message.querySelector(`.bytes .b[data-f="${n}"]`),
  row: message.querySelector(`.fields li[data-f="${n}"] > .row`),
})

/** Lights what is pointed at, or focused, anywhere below `root`. */
export function light(root) {
  const pinned = new WeakMap() // What was chosen in a message: it stays lit when the pointer is gone.

  function put(message, n) {
    for (const lit of message.querySelectorAll('.lit')) lit.classList.remove('lit')
    if (n === undefined) return {}
    const both = pair(message, n)
    for (const end of Object.values(both)) end?.classList.add('lit')
    return both
  }

  /** The field that an element stands for. */
  function of(target) {
    const at = target.closest?.('.bytes .b, .fields .row')
    if (!at) return null
    const n = (at.matches('.b') ? at : at.parentElement).dataset.f
    return { message: at.closest('.message'), n, bytes: at.matches('.b') }
  }

  /** Scrolls `element` into view within its own box, and moves nothing else. */
  function reveal(element) {
    const box = element?.closest('.bytes, .fields')
    if (!box) return
    const [outer, inner] = [box.getBoundingClientRect(), element.getBoundingClientRect()]
    if (inner.top < outer.top) box.scrollTop -= outer.top - inner.top + 12
    else if (inner.bottom > outer.bottom) box.scrollTop += Math.min(inner.bottom - outer.bottom + 12, inner.top - outer.top)
  }

  function show(found, keep) {
    const { span, row } = put(found.message, found.n)
    reveal(found.bytes ? row : span)
    if (keep) pinned.set(found.message, found.n)
  }

  root.addEventListener('pointerover', event => {
    if (event.pointerType === 'touch') return
    const found = of(event.target)
    if (found) show(found)
  })
  root.addEventListener('pointerout', event => {
    const found = of(event.target)
    if (found && of(event.relatedTarget ?? root)?.message !== found.message) put(found.message, pinned.get(found.message))
  })
  root.addEventListener('focusin', event => {
    const found = of(event.target)
    if (!found) return
    show(found, true)
    rove(found.message, event.target)
  })
  root.addEventListener('click', event => {
    const found = of(event.target)
    if (!found) return
    event.preventDefault()
    show(found, true)
    const { row } = pair(found.message, found.n)
    if (found.bytes) rove(found.message, row)
    history.replaceState(null, '', row.hash)
  })

  // Among the rows of a message one is reached by Tab; arrows go from it to the others.
  function rove(message, row) {
    for (const other of message.querySelectorAll('.fields .row[tabindex="0"]')) other.tabIndex = -1
    row.tabIndex = 0
  }
  root.addEventListener('toggle', event => {
    const message = event.target
    if (!message.matches('.message') || !message.open || message.dataset.ready) return
    message.dataset.ready = 'true'
    message.querySelectorAll('.fields .row').forEach((row, n) => { row.tabIndex = n ? -1 : 0 })
  }, true)
  root.addEventListener('keydown', event => {
    const row = event.target.closest?.('.fields .row')
    if (!row) return
    const message = row.closest('.message')
    if (event.key === 'Escape') {
      pinned.delete(message)
      put(message)
      return
    }
    const rows = [...message.querySelectorAll('.fields .row')]
    const at = rows.indexOf(row)
    const up = row.parentElement.parentElement.closest('li')?.querySelector('.row')
    const to = {
      ArrowDown: rows[at + 1], ArrowUp: rows[at - 1], Home: rows[0], End: rows.at(-1),
      ArrowLeft: up, ArrowRight: row.parentElement.querySelector('ul .row'),
    }[event.key]
    if (!to) return
    event.preventDefault()
    to.focus({ preventScroll: true })
    reveal(to)
  })
}
