/** @import { Trip } from "./trips.js" */

/**
 * What is to be said of some trips.
 * @param {readonly Trip[]} trips
 */
export function report(trips) {
  const km = trips.reduce((sum, trip) => sum + trip.km, 0);
  return `${trips.length} trips, ${km} km`;
}
