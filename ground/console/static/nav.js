// The ways between our displays, on the strip's lower line (stacked: one button at the bottom of the
// screen), and how many commands wait for whoever is here.

import { isUnconfirmed, person } from './commands/words.js';
import { el, painter, swap } from './dom.js';

const DISPLAYS = { overview: 'Overview', commands: 'Commands' }; // the strip's count leads to the alarms

export function mountNav(strip, { live, operator }) {
  const nav = el('nav', { class: 'pw-nav', 'aria-label': 'Displays' });
  strip.append(nav);
  const paint = painter(() => {
    const waiting = live.topic('commands').filter((c) => isUnconfirmed(c) && person(c.author) !== operator.name).length;
    nav.hidden = isStacked() && isReached();
    swap(nav, offered().map((display) => button(display, display === 'commands' ? waiting : 0)));
  });
  live.on('commands', paint);
  operator.onChange(paint);
  window.addEventListener('hashchange', paint);
  window.addEventListener('scroll', paint, { passive: true });
  paint();
}

// Stacked, all is on one page; in Open MCT it is a display, and the time shown stays as it is.
export function goTo(display) {
  if (isStacked()) {
    const heading = document.getElementById(display);
    heading?.scrollIntoView();
    heading?.focus({ preventScroll: true });
    return;
  }
  const [, query] = location.hash.split('?');
  location.hash = `#/browse/panewatch:fleet/panewatch:${display}?${query ?? 'hideTree=true&hideInspector=true'}`;
}

function button(display, waiting) {
  const asking = waiting ? 'is-asking' : '';
  const words = waiting ? el('b', {}, ` ▲ ${waiting} to confirm`) : '';
  return el('button', { class: `pw-button ${asking}`, onclick: () => goTo(display) }, DISPLAYS[display], words);
}

function offered() {
  if (isStacked()) return ['commands'];
  const here = location.hash || 'panewatch:overview'; // where Open MCT is about to begin
  return Object.keys(DISPLAYS).filter((display) => !here.includes(`panewatch:${display}`));
}

const isStacked = () => document.body.dataset.view === 'stacked';

// Stacked, the commands are the last part: from its heading on nothing else is to be seen.
function isReached() {
  return (document.getElementById('commands')?.getBoundingClientRect().top ?? Infinity) < window.innerHeight / 2;
}
