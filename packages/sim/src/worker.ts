/** The public list of sim's worker: optimize in a thread of its own. Needs Node. */
export {
  createOptimizerWorker,
  type OptimizerWorker,
  type OptimizerWorkerOptions,
  type WorkerOptimizeOptions,
} from './worker/optimizer-worker.ts'
