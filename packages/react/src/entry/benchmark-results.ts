/** What deployments did under load, run by run. */
export { BenchmarkResults, type BenchmarkResultsProps } from '../cluster/benchmark-results.tsx'
