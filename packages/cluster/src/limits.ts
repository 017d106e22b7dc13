/** Every bound of this package. */

/** Replicas of one deployment: above this a plan is more likely a mistake than a wish. */
export const replicasMax = 512

/** Bytes of a request to the HTTP handler: a plan is a few kilobytes. */
export const requestBytesMax = 1_048_576
