/**
 * How many metres one of each unit is.
 * @type {Readonly<Record<string, number>>}
 */
const metresPer = {
  mm: 0.001,
  cm: 0.01,
  m: 1,
  km: 1000,
};

/** The units that are known, the smallest first. */
export function units() {
  return Object.keys(metresPer).sort((a, b) => factor(a) - factor(b));
}

/**
 * A length in another unit.
 * @param {number} value
 * @param {string} from
 * @param {string} to
 */
export function convert(value, from, to) {
  return round((value * factor(from)) / factor(to));
}

/** @param {string} unit */
function factor(unit) {
  const metres = metresPer[unit];
  if (metres === undefined) throw new RangeError(`unknown unit: ${unit}`);
  return metres;
}

/**
 * Nine digits are what a reader can use, and hide what binary fractions add.
 * @param {number} value
 */
function round(value) {
  return Number(value.toPrecision(9));
}
