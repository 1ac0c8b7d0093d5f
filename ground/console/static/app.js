// Entry: the alarm strip above everything, below it Open MCT, or on a small screen our views stacked.

import { api } from './api.js';
import { Live } from './live.js';
import { OnboardClock } from './clock.js';
import { Operator } from './operator.js';
import { mountStrip } from './strip.js';

const SMALL = '(max-width: 760px)';

const live = new Live();
const fleet = (await api.get('fleet')).vehicles;
const ground = { live, fleet, operator: new Operator(), clock: new OnboardClock(live) };

live.connect();
mountStrip(document.getElementById('strip'), ground);
const view = document.getElementById('view');
const stacked = location.pathname === '/phone' || matchMedia(SMALL).matches;
document.body.dataset.view = stacked ? 'stacked' : 'openmct';
const { start } = await import(stacked ? './stacked.js' : './mct/start.js');
await start(view, ground);
document.body.dataset.ready = 'yes';
