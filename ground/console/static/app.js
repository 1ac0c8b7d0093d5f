// Entry: the alarm strip above everything, below it Open MCT, or our views stacked where the overview
// would not fit three panes side by side.

import { api } from './api.js';
import { OnboardClock } from './clock.js';
import { el } from './dom.js';
import { Live } from './live.js';
import { mountNav } from './nav.js';
import { Operator } from './operator.js';
import { mountStrip } from './strip.js';

const SMALL = '(max-width: 999px)';
const RETRY_MS = 1000;
const RELOAD_MS = 5000; // a page stands at least so long

async function knownFleet(view) {
  for (;;) {
    try {
      await api.check();
      const [{ vehicles }, { replay }] = await Promise.all([api.get('fleet'), api.get('health')]);
      return [vehicles, replay];
    } catch (error) {
      view.replaceChildren(el('p', { class: 'pw-wait' }, `The ground station does not answer (${error.message}). Trying again …`));
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      view.replaceChildren();
    }
  }
}

// A unit that nobody configured was heard: its vehicle belongs on every display.
function reloadForNewUnits(live, fleet) {
  const known = new Set(fleet.flatMap((v) => v.windows.map((w) => `${v.id}/${w.id}`)));
  live.on('units', (units) => {
    const isNew = units.some((u) => !known.has(`${u.vehicle}/${u.unit}`));
    // An open form is not thrown away, and of many new units each is not a reload.
    const may = performance.now() > RELOAD_MS && !document.querySelector('dialog');
    if (isNew && may) location.reload();
  });
}

async function prime(live, fleet) {
  const keys = fleet.flatMap((v) => v.windows.map((w) => `${v.id}/${w.id}`));
  await Promise.all(keys.map(async (key) => live.prime(key, await api.get(`latest/${key}`).catch(() => ({})))));
}

const view = document.getElementById('view');
const live = new Live();
const [fleet, replay] = await knownFleet(view);
if (replay) {
  document.getElementById('strip').append(
    el('div', { class: 'pw-replay', role: 'note' }, el('b', {}, 'REPLAY'), ` of ${replay}: a recording; nothing here is live`),
  );
}
const ground = { live, fleet, replay, operator: new Operator(), clock: new OnboardClock(live) };

reloadForNewUnits(live, fleet);
live.on('connection', (up) => up || api.check().catch(() => {})); // the feed ends with the session
await prime(live, fleet);
live.connect();
mountStrip(document.getElementById('strip'), ground);
mountNav(document.getElementById('strip'), ground);
const stacked = location.pathname === '/phone' || matchMedia(SMALL).matches;
document.body.dataset.view = stacked ? 'stacked' : 'openmct';
const { start } = await import(stacked ? './stacked.js' : './mct/start.js');
await start(view, ground);
document.body.dataset.ready = 'yes';
