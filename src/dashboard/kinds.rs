//! Types of panels: which show what others show, and which have something to see without asking.

/// The panel that shows what a plugin shows, or what an older panel showed; else the same.
pub fn today(kind: &str) -> &str {
    SAME.iter().find(|(other, _)| *other == kind).map_or(kind, |(_, kind)| kind)
}

/// Does a panel of this type ask nothing, whatever an editor left in it?
pub fn never_asks(kind: &str) -> bool {
    SILENT.iter().any(|(known, may_ask)| *known == kind && !may_ask)
}

/// Has a panel of this type something to see even if it asks nothing?
pub fn shows_without_data(kind: &str) -> bool {
    SILENT.iter().any(|(known, _)| *known == kind)
}

/// Plugins and older panels, and the panel that shows the same.
const SAME: [(&str, &str); 41] = [
    ("table-old", "table"),
    ("table2", "table"),
    ("heatmap-new", "heatmap"),
    ("heatmap-panel", "heatmap"),
    ("singlestat2", "stat"),
    ("ae3e-plotly-panel", "timeseries"),
    ("agenty-flowcharting-panel", "canvas"),
    ("andrewbmchugh-flow-panel", "canvas"),
    ("blackmirror1-singlestat-math-panel", "stat"),
    ("blackmirror1-statusbygroup-panel", "stat"),
    ("briangann-datatable-panel", "table"),
    ("briangann-gauge-panel", "gauge"),
    ("btplc-peak-report-panel", "table"),
    ("btplc-status-dot-panel", "stat"),
    ("btplc-trend-box-panel", "stat"),
    ("corpglory-progresslist-panel", "bargauge"),
    ("farski-blendstat-panel", "stat"),
    ("flant-statusmap-panel", "status-history"),
    ("gowee-traceroutemap-panel", "geomap"),
    ("grafana-piechart-panel", "piechart"),
    ("grafana-polystat-panel", "stat"),
    ("grafana-worldmap-panel", "geomap"),
    ("jeanbaptistewatenberg-percent-panel", "stat"),
    ("larona-epict-panel", "canvas"),
    ("marcuscalidus-svg-panel", "canvas"),
    ("marcusolsson-gantt-panel", "state-timeline"),
    ("marcusolsson-hourly-heatmap-panel", "heatmap"),
    ("marcusolsson-treemap-panel", "piechart"),
    ("michaeldmoore-multistat-panel", "bargauge"),
    ("mtanda-histogram-panel", "histogram"),
    ("natel-discrete-panel", "state-timeline"),
    ("natel-plotly-panel", "timeseries"),
    ("neocat-cal-heatmap-panel", "heatmap"),
    ("nikosc-percenttrend-panel", "stat"),
    ("pr0ps-trackmap-panel", "geomap"),
    ("ryantxu-annolist-panel", "annolist"),
    ("savantly-heatmap-panel", "heatmap"),
    ("smartmakers-trafficlight-panel", "stat"),
    ("vonage-status-panel", "stat"),
    ("yesoreyeram-boomtable-panel", "table"),
    ("zuburqan-parity-report-panel", "table"),
];

/// Panels that have something to see without asking; and whether they may ask nevertheless.
const SILENT: [(&str, bool); 27] = [
    ("text", false),
    ("row", false),
    ("dashlist", false),
    ("news", false),
    ("welcome", false),
    ("gettingstarted", false),
    ("homelinks", false),
    ("annolist", false),
    ("alertlist", false),
    ("alertGroups", false),
    ("pluginlist", false),
    ("bookmarks", false),
    ("grafana-clock-panel", false),
    ("cloudspout-button-panel", false),
    ("speakyourcode-button-panel", false),
    ("digiapulssi-breadcrumb-panel", false),
    ("dalvany-image-panel", false),
    ("innius-video-panel", false),
    ("mxswat-separator-panel", false),
    ("ryantxu-ajax-panel", false),
    ("volkovlabs-form-panel", false),
    ("yesoreyeram-boomtheme-panel", false),
    ("canvas", true),
    ("volkovlabs-image-panel", true),
    ("marcusolsson-dynamictext-panel", true),
    ("aidanmountford-html-panel", true),
    ("gapit-htmlgraphics-panel", true),
];
