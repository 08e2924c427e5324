// The demo shop's Chinese texts, and its goods in both languages. The page itself is written in English.

export interface Good {
  drawing: 'tin' | 'cake' | 'pot' | 'cup'
  tone: 'green' | 'white' | 'amber' | 'dark' | 'clay' | 'jade'
  en: { name: string; note: string; price: string }
  'zh-CN': { name: string; note: string; price: string }
}

export const goods: Good[] = [
  {
    drawing: 'tin',
    tone: 'green',
    en: { name: 'First Mist', note: 'Green tea, chestnut and fresh peas', price: '$18 · 50 g' },
    'zh-CN': { name: '头春云雾', note: '绿茶 · 栗香，鲜爽回甘', price: '¥128 / 50 克' },
  },
  {
    drawing: 'tin',
    tone: 'white',
    en: { name: 'Silver Morning', note: 'White tea, melon and hay', price: '$24 · 40 g' },
    'zh-CN': { name: '银毫白茶', note: '白茶 · 毫香，清甜如蜜瓜', price: '¥168 / 40 克' },
  },
  {
    drawing: 'tin',
    tone: 'amber',
    en: { name: 'Cliff Oolong', note: 'Roasted oolong, orchid and stone', price: '$21 · 50 g' },
    'zh-CN': { name: '岩骨乌龙', note: '乌龙 · 兰香岩韵，炭火慢焙', price: '¥148 / 50 克' },
  },
  {
    drawing: 'cake',
    tone: 'dark',
    en: { name: 'Old Road', note: 'Aged tea cake, dates and cedar', price: '$46 · 200 g' },
    'zh-CN': { name: '古道老茶饼', note: '普洱 · 陈香，枣甜木韵', price: '¥328 / 200 克' },
  },
  {
    drawing: 'pot',
    tone: 'clay',
    en: { name: 'Clay Pot', note: 'Thrown in Yixing, 160 ml', price: '$64' },
    'zh-CN': { name: '手作紫砂壶', note: '宜兴原矿 · 160 毫升', price: '¥458' },
  },
  {
    drawing: 'cup',
    tone: 'jade',
    en: { name: 'Celadon Cup', note: 'The colour of rain, 90 ml', price: '$16' },
    'zh-CN': { name: '青瓷品茗杯', note: '雨过天青 · 90 毫升', price: '¥98' },
  },
]

export const chinese: Record<string, string> = {
  description: '一家并不存在的小茶舍，供您试用 Kefu。',
  title: '山雾茶舍 · 云上的茶',
  shop: '山雾茶舍',
  shopNav: '商店',
  teas: '茶品',
  garden: '茶园',
  about: '关于本页',
  heroTitle: '云上的茶',
  heroText: '海拔一千四百米，手采松焙，当周寄出。',
  ask: '问问茶舍',
  teasTitle: '今春茶品',
  gardenTitle: '雾中茶园',
  gardenText:
    '一年里有两百个清晨，山坡都在云里。叶子长得慢，慢的叶子才甜。三户人家照看着一百六十亩茶园，从不打药，除草靠山羊。',
  factHeight: '海拔',
  factHeightValue: '1400 米',
  factPicked: '采摘',
  factPickedValue: '手工',
  factSent: '发货',
  factSentValue: '七日之内',
  aboutTitle: '关于本页',
  aboutText:
    '这家茶舍并不存在，它在这里是为了让您试用 Kefu：点右下角的按钮给我们留言，再到客服工作台里自己回复。这只是一个普通网页，只多了这一行：',
  console: '打开客服工作台',
  footer: '山雾茶舍纯属虚构，并不售茶。',
}
