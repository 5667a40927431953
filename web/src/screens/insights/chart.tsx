// chart.tsx: one series in the accent, drawn on a canvas; loaded only where a picture is shown. The table says the same.
import { BarChart, LineChart } from 'echarts/charts'
import { AriaComponent, GridComponent, TooltipComponent } from 'echarts/components'
import { type EChartsType, init, use } from 'echarts/core'
import { CanvasRenderer } from 'echarts/renderers'
import { useEffect, useRef } from 'react'
import { useScheme } from '~/theme/scheme'

use([BarChart, LineChart, GridComponent, TooltipComponent, AriaComponent, CanvasRenderer])

export type Drawn = { kind: 'bar' | 'line'; names: string[]; values: number[]; label: string; say: (n: number) => string }
export default function Chart({ drawn, onReady }: { drawn: Drawn; onReady: (picture: () => string) => void }) {
  const box = useRef<HTMLDivElement>(null)
  const { scheme } = useScheme()
  useEffect(() => {
    if (!box.current) return
    const css = getComputedStyle(document.documentElement)
    const ink = (name: string) => css.getPropertyValue(name).trim()
    const chart: EChartsType = init(box.current)
    const text = { color: ink('--ink-3'), fontSize: 12, fontFamily: css.fontFamily }
    const across = drawn.kind === 'bar'
    const names = { type: 'category' as const, data: drawn.names, axisLabel: { ...text, ...(across ? { width: 180, overflow: 'truncate' as const } : {}) }, axisLine: { lineStyle: { color: ink('--line') } }, axisTick: { show: false }, ...(across ? { inverse: true } : {}) }
    const values = { type: 'value' as const, axisLabel: { ...text, formatter: drawn.say, hideOverlap: true }, splitLine: { lineStyle: { color: ink('--line') } } }
    chart.setOption({
      animation: false, grid: { left: 8, right: 24, top: 12, bottom: 8, containLabel: true }, xAxis: across ? values : names, yAxis: across ? names : values,
      tooltip: { trigger: 'axis', renderMode: 'richText', valueFormatter: (v: unknown) => drawn.say(Number(v)), backgroundColor: ink('--surface'), borderColor: ink('--line'), textStyle: { ...text, color: ink('--ink') }, axisPointer: { type: 'line', lineStyle: { color: ink('--line') } } },
      series: [{ type: drawn.kind, name: drawn.label, data: drawn.values, color: ink('--accent'), barMaxWidth: 22, symbolSize: 6, itemStyle: across ? { borderRadius: 4 } : {}, showSymbol: drawn.values.length < 40 }],
    })
    onReady(() => chart.getDataURL({ type: 'png', pixelRatio: 2, backgroundColor: ink('--surface') }))
    const watch = new ResizeObserver(() => chart.resize())
    watch.observe(box.current)
    return () => { watch.disconnect(); chart.dispose() }
  }, [drawn, onReady, scheme])
  return <div ref={box} className="in-chart" role="img" aria-label={drawn.label} style={{ height: drawn.kind === 'bar' ? Math.max(160, drawn.names.length * 34 + 40) : 260 }} />
}
