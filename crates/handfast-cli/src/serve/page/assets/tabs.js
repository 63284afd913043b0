// The links at the top become tabs: one part of the page at a time, chosen by mouse, touch or arrow keys.

/** Makes tabs of the links in `nav` that lead to a section. Gives `show`, which brings a section to the front. */
export function tabs(nav) {
  const links = [...nav.querySelectorAll('a[id^="tab-"]')]
  const section = link => document.getElementById(link.hash.slice(1))
  const list = nav.querySelector('.tabs')
  list.setAttribute('role', 'tablist')
  for (const link of links) {
    link.setAttribute('role', 'tab')
    link.setAttribute('aria-controls', section(link).id)
    section(link).setAttribute('role', 'tabpanel')
    link.addEventListener('click', event => {
      event.preventDefault()
      show(section(link))
      history.replaceState(null, '', link.hash)
    })
  }
  list.addEventListener('keydown', event => {
    const at = links.indexOf(document.activeElement)
    const to = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: links.length - 1 }[event.key]
    if (at < 0 || to === undefined) return
    event.preventDefault()
    const next = links.at(to % links.length)
    next.focus()
    next.click()
  })
  /** Brings this section to the front; nothing else is seen then. */
  function show(shown) {
    if (!links.some(link => section(link) === shown)) return
    for (const link of links) {
      const on = section(link) === shown
      link.setAttribute('aria-selected', on)
      link.tabIndex = on ? 0 : -1
      section(link).hidden = !on
    }
  }
  show(section(links[0]))
  return { show }
}
