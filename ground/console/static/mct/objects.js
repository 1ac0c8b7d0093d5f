// The object tree: the fleet, its vehicles, windows, parameters, and the shipped displays.

import { displays } from './displays.js';
import { id, parse } from './names.js';

const DIGITS = { Pa: 0, '°C': 2 };

export function objectProvider(fleet, housekeeping) {
  const shown = new Map(displays(fleet).map((object) => [object.identifier.key, object]));
  const build = {
    fleet: () => folder(id('fleet'), 'Panewatch', [...shown.values()].map((o) => o.identifier).concat(fleet.map((v) => id('vehicle', v.id)))),
    vehicle: (key) => vehicle(fleet, parse(key).vehicle),
    window: (key) => windowObject(fleet, parse(key), housekeeping),
    tm: (key) => parameter(parse(key), housekeeping),
  };
  return {
    async get({ key }) {
      const object = shown.get(key) ?? build[key.split('.')[0]]?.(key);
      if (!object) throw new Error(`There is no object ${key}.`);
      return object;
    },
  };
}

function folder(identifier, name, composition, location = 'ROOT') {
  return { identifier, name, type: 'folder', location, locked: true, composition };
}

function vehicle(fleet, vehicleId) {
  const found = fleet.find((v) => v.id === vehicleId);
  const windows = found.windows.map((w) => id('window', found.id, w.id));
  return folder(id('vehicle', found.id), found.name, windows, 'panewatch:fleet');
}

function windowObject(fleet, { vehicle: vehicleId, window }, housekeeping) {
  const found = fleet.find((v) => v.id === vehicleId);
  return {
    identifier: id('window', vehicleId, window),
    name: `${found.name} ${window}`,
    type: 'panewatch.window',
    location: `panewatch:vehicle.${vehicleId}`,
    locked: true,
    composition: housekeeping.map((p) => id('tm', vehicleId, window, p.name)),
  };
}

function parameter({ vehicle: vehicleId, window, unit, parameter: name }, housekeeping) {
  const declared = housekeeping.find((p) => p.name === name);
  if (!declared) throw new Error(`Housekeeping has no ${name}.`);
  return {
    identifier: id('tm', vehicleId, window, name),
    name: `${unit} ${name}`,
    type: 'panewatch.parameter',
    location: `panewatch:window.${vehicleId}.${window}`,
    locked: true,
    notes: declared.summary,
    telemetry: {
      values: [
        { key: 'utc', source: 'utc', name: 'Onboard time', format: 'utc', hints: { domain: 1 } },
        {
          key: 'value',
          source: 'value',
          name: 'Value',
          unit: declared.unit || undefined,
          formatString: `%.${DIGITS[declared.unit] ?? 0}f`,
          hints: { range: 1 },
        },
      ],
    },
  };
}
