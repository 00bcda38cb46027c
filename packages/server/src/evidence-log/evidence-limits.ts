/** Every bound of the evidence log that a caller may change; tests make them small. */

export interface EvidenceLimits {
  /** Records that may wait for the disk; more are refused. Ten times what 64 busy sessions need. */
  readonly queueRecordsMax: number;
  readonly queueBytesMax: number;
  readonly segmentBytes: number;
  /** A checkpoint is due when this many records are not covered by one … */
  readonly checkpointRecords: number;
  /** … or when the oldest of them is this old. */
  readonly checkpointIntervalMs: number;
  /** Least time between two: each costs two syncs, and under load 256 records come every 6 ms. */
  readonly checkpointSpacingMs: number;
  /** A `heads` record is due this long after the last, when a session has moved. */
  readonly headsIntervalMs: number;
  /** Decisions of one session that may lack an outcome; more are refused. */
  readonly openDecisionsMax: number;
  /** Size of the file that is given up to write the last records on a full disk. */
  readonly ballastBytes: number;
  /** The log refuses to start with less free space. */
  readonly reserveBytes: number;
}

const MIB = 1024 * 1024;

export const EVIDENCE_LIMITS: EvidenceLimits = {
  queueRecordsMax: 8192,
  queueBytesMax: 64 * MIB,
  segmentBytes: 16 * MIB,
  checkpointRecords: 256,
  checkpointIntervalMs: 1000,
  checkpointSpacingMs: 250,
  headsIntervalMs: 60_000,
  openDecisionsMax: 4096,
  ballastBytes: 16 * MIB,
  reserveBytes: 64 * MIB,
};
