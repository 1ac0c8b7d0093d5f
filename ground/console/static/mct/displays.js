// The shipped displays, made from the fleet so that any scenario gets them; nobody edits them.
// The overview fits 1600×900: what happened and where above, how it develops below.

import { id } from './names.js';

const FAULTS = { namespace: 'faults.taxonomy', key: 'faultManagement.view' };
const COLOURS = ['#4fc3f7', '#ffb74d', '#aed581', '#f06292', '#ba68c8', '#fff176'];
const LATEST = ['p_gap2', 'p_cabin', 't_outer'];

export function displays(fleet) {
  const units = fleet.flatMap((v) => v.windows.map((w) => [v.id, w.id]));
  return [
    overview(),
    own('status', 'Return status', 'panewatch.status'),
    own('panes', 'Panes', 'panewatch.panes'),
    plot('gap2', 'Gap 2 pressure', units, 'p_gap2', 'Pa'),
    plot('outer', 'Outer pane temperature', units, 't_outer', '°C'),
    latest(units),
    own('commands', 'Commands', 'panewatch.commands'),
    own('alarms', 'Alarms', 'panewatch.alarms'),
  ];
}

function own(key, name, type, more = {}) {
  return { identifier: id(key), name, type, location: 'panewatch:fleet', locked: true, ...more };
}

function overview() {
  const rows = [
    [63, [[id('status'), 32, true], [id('panes'), 68, true]]],
    [37, [[id('gap2'), 24], [id('outer'), 24], [id('latest'), 20], [FAULTS, 32]]],
  ];
  const containers = rows.map(([size, frames], row) => ({
    id: `row-${row}`,
    size,
    frames: frames.map(([domainObjectIdentifier, width, noFrame = false], column) => ({
      id: `frame-${row}-${column}`,
      domainObjectIdentifier,
      size: width,
      noFrame,
    })),
  }));
  return own('overview', 'Overview', 'flexible-layout', {
    disallowUnlock: true,
    composition: rows.flatMap(([, frames]) => frames.map(([identifier]) => identifier)),
    configuration: { rowsLayout: true, containers },
  });
}

function plot(key, name, units, parameter, label) {
  const identifiers = units.map(([vehicle, window]) => id('tm', vehicle, window, parameter));
  const series = identifiers.map((identifier, k) => ({
    identifier,
    color: COLOURS[k % COLOURS.length],
    interpolate: 'linear',
    alarmMarkers: false,
    markers: false,
    limitLines: true,
  }));
  return own(key, name, 'telemetry.plot.overlay', {
    composition: identifiers,
    configuration: { series, yAxis: { label }, legend: { position: 'top', expandByDefault: false, hideLegendWhenSmall: false } },
  });
}

function latest(units) {
  const identifiers = LATEST.flatMap((p) => units.map(([vehicle, window]) => id('tm', vehicle, window, p)));
  const hiddenColumns = { timestamp: true, type: true, WATCH: true, WARNING: true, DISTRESS: true, CRITICAL: true, SEVERE: true };
  return own('latest', 'Latest values', 'LadTable', {
    composition: identifiers,
    configuration: { hiddenColumns },
  });
}
