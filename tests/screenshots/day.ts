// One day of a small tea shop, as the screenshots show it: who wrote what and when. Times are the shop's local time,
// HH:MM.

export const today = '2026-03-17'
export const timeZone = 'Asia/Shanghai'
/** The date and time of every screenshot. */
export const now = '14:42'

export const shop = { name: 'Mist & Leaf', origin: 'https://mistandleaf.example' }

/** Lin Yue is the admin at the console; the others work elsewhere. */
export const staff = {
  yue: { username: 'yue', name: 'Lin Yue' },
  anna: { username: 'anna', name: 'Anna Brandt' },
  ning: { username: 'ning', name: '周宁' },
} as const

export type Agent = keyof typeof staff
export type Line = readonly [time: string, profile: 'customer' | 'agent', words: string]

export interface ScriptedConversation {
  customer: { name?: string; email?: string; locale: 'en' | 'zh-CN' }
  page: { path: string; title: string }
  agent?: Agent
  isClosed?: boolean
  lines: readonly Line[]
}

const pages = {
  home: { path: '/', title: 'Mist & Leaf, tea from above the clouds' },
  oolong: { path: '/teas/cliff-oolong', title: 'Cliff Oolong · Mist & Leaf' },
  pot: { path: '/ware/clay-pot', title: 'Clay Pot · Mist & Leaf' },
  cake: { path: '/teas/old-road', title: 'Old Road · Mist & Leaf' },
  cart: { path: '/cart', title: 'Your cart · Mist & Leaf' },
  zhHome: { path: '/zh/', title: '山雾茶舍 · 云上的茶' },
  zhMist: { path: '/zh/teas/first-mist', title: '头春云雾 · 山雾茶舍' },
  zhPot: { path: '/zh/ware/clay-pot', title: '手作紫砂壶 · 山雾茶舍' },
}

/** The two conversations that are open in the console screenshots, one per language. */
export const shownInEnglish: ScriptedConversation = {
  customer: { name: 'Emma Wright', email: 'emma.wright@inbox.example', locale: 'en' },
  page: pages.oolong,
  agent: 'yue',
  lines: [
    ['14:29', 'customer', 'Hi! I am looking for a present for my father. He drinks strong black coffee all day.'],
    ['14:29', 'customer', 'Is the Cliff Oolong a good first tea for somebody like that?'],
    ['14:31', 'agent', 'Hello Emma, what a nice idea. Yes, it is the one I would choose.'],
    [
      '14:32',
      'agent',
      'It is roasted over charcoal, so it has the depth that coffee drinkers miss in green tea. Almost no bitterness, though.',
    ],
    ['14:34', 'customer', 'That sounds right. Does he need a pot for it?'],
    [
      '14:36',
      'agent',
      'A mug works: three grams, water just off the boil, three minutes. The leaves can go again twice.',
    ],
    ['14:40', 'customer', 'Lovely. And would it reach Leeds by the 28th?'],
  ],
}

export const shownInChinese: ScriptedConversation = {
  customer: { name: '陈思远', email: 'chensy@inbox.example', locale: 'zh-CN' },
  page: pages.zhPot,
  agent: 'yue',
  lines: [
    ['14:20', 'customer', '您好，我想咨询产品问题'],
    ['14:20', 'customer', '这把紫砂壶适合泡岩茶吗？'],
    ['14:22', 'agent', '您好，很适合。原矿泥料透气好，岩茶的香气能留住。'],
    ['14:23', 'agent', '160 毫升正好三四个人喝，出水大约六秒。'],
    ['14:26', 'customer', '新壶第一次用要怎么处理？'],
    ['14:28', 'agent', '用清水煮二十分钟，自然放凉就可以，不要用洗洁精。'],
    ['14:35', 'customer', '明白了，谢谢！可以开发票吗？'],
  ],
}

/** The texts being typed at that moment. */
export const shownTyping = { en: 'It is his birthday, so a day late would', 'zh-CN': '抬头是云山' }

export const shownWaiting: ScriptedConversation = {
  customer: { name: 'Priya Nair', locale: 'en' },
  page: pages.cake,
  lines: [
    ['14:34', 'customer', 'Hello, how should I store the Old Road cake?'],
    ['14:35', 'customer', 'It is quite humid where I live.'],
  ],
}

export const scripts: readonly ScriptedConversation[] = [
  {
    customer: { name: 'Jonas Weber', locale: 'en' },
    page: pages.cart,
    agent: 'anna',
    isClosed: true,
    lines: [
      ['09:12', 'customer', 'Good morning, can I change the address of an order I placed last night?'],
      ['09:14', 'agent', 'Good morning! Yes, it has not left yet. Where should it go?'],
      ['09:17', 'customer', 'To my office: Lindenweg 4, Jena. Same name.'],
      ['09:19', 'agent', 'Done. You will get a new confirmation in a minute.'],
      ['09:20', 'customer', 'Perfect, thank you.'],
    ],
  },
  {
    customer: { name: '赵敏', locale: 'zh-CN' },
    page: pages.zhMist,
    agent: 'ning',
    isClosed: true,
    lines: [
      ['10:05', 'customer', '头春云雾是今年的新茶吗？'],
      ['10:06', 'agent', '是的，三月十号采的，昨天刚到店。'],
      ['10:09', 'customer', '好的，我下单了'],
    ],
  },
  {
    customer: { locale: 'en' },
    page: pages.home,
    agent: 'yue',
    isClosed: true,
    lines: [
      ['11:31', 'customer', 'Do you sell samples?'],
      ['11:33', 'agent', 'Yes: every tea comes as a 10 g bag too. You find them at the foot of each page.'],
      ['11:34', 'customer', 'Found them, thanks'],
    ],
  },
  {
    customer: { name: 'Daniel Okafor', email: 'd.okafor@inbox.example', locale: 'en' },
    page: pages.cart,
    agent: 'anna',
    lines: [
      ['13:48', 'customer', 'My parcel says delivered, but there is nothing here.'],
      ['13:51', 'agent', 'I am sorry to hear that. I am asking the carrier right now.'],
      ['14:12', 'agent', 'The driver left it with your neighbour at number 9. Could you look there?'],
    ],
  },
  {
    customer: { name: '刘洋', locale: 'zh-CN' },
    page: pages.zhHome,
    agent: 'ning',
    lines: [
      ['14:02', 'customer', '我们公司想订四十份茶礼，可以定制包装吗？'],
      ['14:05', 'agent', '可以的，三十份起可以印公司名称。您大概什么时候需要？'],
      ['14:33', 'customer', '四月十号之前'],
    ],
  },
  {
    customer: { name: 'Sofia Lindqvist', locale: 'en' },
    page: pages.cart,
    agent: 'yue',
    lines: [
      ['13:15', 'customer', 'Can I add a cup to the order from this morning?'],
      ['13:18', 'agent', 'Of course. I have added it; it goes out in the same parcel.'],
      ['13:20', 'customer', 'Wonderful!'],
      ['13:21', 'agent', 'You are welcome. Enjoy the tea.'],
    ],
  },
  {
    customer: { locale: 'zh-CN' },
    page: pages.zhMist,
    agent: 'yue',
    lines: [
      ['13:58', 'customer', '头春云雾能冷泡吗？'],
      ['14:01', 'agent', '可以，三克茶配五百毫升凉水，冰箱里放四小时。'],
    ],
  },
  shownInChinese,
  shownInEnglish,
  shownWaiting,
  {
    customer: { locale: 'zh-CN' },
    page: pages.zhMist,
    lines: [['14:37', 'customer', '请问满多少包邮？']],
  },
  {
    customer: { name: 'Marta Silva', email: 'marta@inbox.example', locale: 'en' },
    page: pages.pot,
    lines: [['14:40', 'customer', 'Is the clay pot back in stock? I would like two.']],
  },
]

/** Written by real browsers in the demo shop, answered by Anna and Ning. The last line is still unread. */
export const widgetScripts: Readonly<Record<'en' | 'zh-CN', readonly Line[]>> = {
  en: [
    ['14:05', 'customer', 'Hi, which tea has the least caffeine?'],
    ['14:07', 'agent', 'Hello! The Silver Morning: a white tea, gentle in the evening too.'],
    ['14:09', 'customer', 'Sounds good. How do I brew it?'],
    ['14:11', 'agent', 'At 80 °C, for four minutes.'],
  ],
  'zh-CN': [
    ['13:52', 'customer', '您好，银毫白茶晚上喝会睡不着吗？'],
    ['13:54', 'agent', '您好！淡一点泡，晚上也可以喝。'],
    ['13:55', 'customer', '好的，水温多少合适？'],
    ['13:57', 'agent', '80 度左右，泡四分钟就好。'],
  ],
}
