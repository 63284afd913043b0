// What the page can do beyond what it says: light, tabs, and links that open what they lead to.
import { light } from './light.js'
import { tabs } from './tabs.js'

document.documentElement.classList.add('js')
const { show } = tabs(document.querySelector('nav'))
light(document)

/** Opens what the address names: a message, or a field of one; and the part of the page that it is in. */
function follow() {
  const target = document.getElementById(location.hash.slice(1))
  if (!target) return
  show(target.closest('section'))
  for (let at = target; at; at = at.parentElement) if (at instanceof HTMLDetailsElement) at.open = true
  target.scrollIntoView({ block: target.matches('details') ? 'start' : 'center' })
  // Bytes are lit as by their row.
  if (target.matches('.b')) document.querySelector(`.row[href="#${target.id}"]`)?.focus({ preventScroll: true })
}
addEventListener('hashchange', follow)
follow()
