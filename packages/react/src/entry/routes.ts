/** Public list of routes and targets. */
export { RouteList, type RouteListProps } from '../gateway/route-list.tsx'
export { useRoutes, type GatewayRoute, type RouteTarget } from '../hook/use-routes.ts'
