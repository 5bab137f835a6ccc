import { statfsSync } from 'node:fs';
import type { Settings } from '../src/demo/cluster.ts';

/** What the server of a bench runs with: as durable as in production, unlike that of the demo and the tests. */
export const SETTINGS = {
  shared_buffers: '512MB',
  fsync: true,
  synchronous_commit: true,
  full_page_writes: true,
  max_wal_size: '4GB',
  autovacuum: true,
  shared_preload_libraries: 'pg_stat_statements',
  dynamic_shared_memory_type: roomInSharedMemory() ? 'posix' : 'mmap',
} satisfies Settings;

/** Where the server writes its log, below its data folder. */
export const LOG_FILE = 'log/bench.log';

/** For the statements of one database that are to be counted, also those that fail. */
export const LOGGING = {
  logging_collector: true,
  log_filename: 'bench.log',
  log_rotation_age: 0,
  log_rotation_size: 0,
  log_checkpoints: false,
} satisfies Settings;

/** /dev/shm of a container often has 64 MB, which one parallel hash join can exceed; a disk is slower. */
function roomInSharedMemory(): boolean {
  try {
    const { bavail, bsize } = statfsSync('/dev/shm');
    return bavail * bsize > 1e9;
  } catch {
    return false;
  }
}
