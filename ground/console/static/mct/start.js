// Open MCT with our plugin, on the operators' display.

import { api } from '../api.js';
import { objectProvider } from './objects.js';
import { OVERVIEW, ROOT } from './names.js';
import { watchPlots } from './dropped.js';
import { faultProvider } from './faults.js';
import { limitProvider } from './limits.js';
import { stalenessProvider } from './staleness.js';
import { historyProvider, liveProvider } from './telemetry.js';
import { installTypes, viewProviders } from './views.js';

const MINUTE_MS = 60_000;
const RELOAD_AFTER_MS = 3_000;
const PATH = `#/browse/${ROOT}/${OVERVIEW}?hideTree=true&hideInspector=true`;

export async function start(root, ground) {
  await load('/openmct/openmct.js');
  const { openmct } = window;
  const dictionary = await api.get('dictionary');
  const housekeeping = dictionary.telemetry.find((t) => t.name === 'housekeeping').parameters;
  ground.live.topics.limits ??= await api.get('limits'); // before the feed: views ask once
  openmct.setAssetPath('/openmct/');
  installPlugins(openmct);
  openmct.install(() => installPanewatch(openmct, ground, housekeeping));
  openmct.time.addClock(ground.clock);
  openmct.install(openmct.plugins.Conductor({ menuOptions: timeModes() }));
  if (!location.hash) history.replaceState(null, '', PATH);
  const started = new Promise((resolve) => openmct.once('start', resolve));
  const shell = document.createElement('div');
  root.append(shell);
  openmct.start(shell);
  await started;
  watchPlots(shell);
  reloadAfterLoss(ground.live);
}

function load(src) {
  return new Promise((resolve, reject) => {
    const script = document.createElement('script');
    script.src = src;
    script.onload = resolve;
    script.onerror = () => reject(new Error(`${src} could not be loaded`));
    document.head.append(script);
  });
}

function installPlugins(openmct) {
  openmct.install(openmct.plugins.Espresso());
  openmct.install(openmct.plugins.UTCTimeSystem());
  openmct.install(openmct.plugins.LADTable());
  openmct.install(openmct.plugins.FaultManagement());
}

function installPanewatch(openmct, ground, housekeeping) {
  installTypes(openmct);
  openmct.objects.addRoot({ namespace: 'panewatch', key: 'fleet' });
  openmct.objects.addProvider('panewatch', objectProvider(ground.fleet, housekeeping));
  openmct.telemetry.addProvider(historyProvider());
  openmct.telemetry.addProvider(liveProvider(ground.live));
  openmct.telemetry.addProvider(limitProvider(ground));
  openmct.telemetry.addProvider(stalenessProvider(ground));
  openmct.faults.addProvider(faultProvider(ground));
  viewProviders(ground).forEach((provider) => openmct.objectViews.addProvider(provider));
}

function timeModes() {
  const now = Date.now();
  return [
    {
      name: 'Live',
      timeSystem: 'utc',
      clock: 'onboard',
      clockOffsets: { start: -5 * MINUTE_MS, end: 10_000 },
    },
    {
      name: 'Fixed',
      timeSystem: 'utc',
      bounds: { start: now - 60 * MINUTE_MS, end: now },
    },
  ];
}

// After a loss of the feed, plots have a hole that only a new request fills.
function reloadAfterLoss(live) {
  let lostAt = null;
  live.on('connection', (connected) => {
    if (!connected) lostAt ??= Date.now();
    else if (lostAt && Date.now() - lostAt > RELOAD_AFTER_MS && !document.querySelector('dialog')) {
      location.reload();
    } else lostAt = null;
  });
}
