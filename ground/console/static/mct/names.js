// Names of our objects in Open MCT. Ids of vehicles and units have no dot, so dots join them.

export const NAMESPACE = 'panewatch';
export const ROOT = `${NAMESPACE}:fleet`;
export const OVERVIEW = `${NAMESPACE}:overview`;

export const id = (...parts) => ({ namespace: NAMESPACE, key: parts.join('.') });

// 'tm.sz20.w1.p_gap2' -> {unit: 'sz20/w1', parameter: 'p_gap2'}
export function parse(key) {
  const [, vehicle, unit, parameter] = key.split('.');
  return { vehicle, unit: `${vehicle}/${unit}`, window: unit, parameter };
}

export const isOurs = (object) => object.identifier.namespace === NAMESPACE;
export const isTelemetry = (object) => isOurs(object) && object.type === 'panewatch.parameter';
