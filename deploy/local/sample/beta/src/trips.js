/** @typedef {{ date: string, place: string, km: number }} Trip */

/**
 * Read trips, a line each.
 * @param {string} text
 * @returns {Trip[]}
 */
export function readTrips(text) {
  const lines = text.split("\n").map((line) => line.trim());
  return lines.filter((line) => line !== "").map(readTrip);
}

/**
 * @param {string} line
 * @returns {Trip}
 */
function readTrip(line) {
  const [date = "", place = "", km = ""] = line.split(",");
  return { date, place, km: Number(km) };
}
