// What is said in a filled database: short and long, English and Chinese, as it comes in a shop's chat.

export const questions = [
  'Hello',
  '你好',
  '在吗？',
  'ok 👍',
  '好的，谢谢！',
  'Has my order shipped yet?',
  '我的订单什么时候发货？已经等了三天了。',
  'The parcel arrived today, but one of the two tins is dented and the lid does not close any more.',
  '收到货了，但是其中一个杯子碎了，包装盒外面看起来没有问题。可以补发吗？我可以拍照片给你们看。',
  'Can I still change the delivery address? I typed the old one by mistake: it should be 12 Harbour Street, second floor.',
  '发票抬头写错了，能帮我改成公司的名字吗？税号我等下发给你。',
  'I ordered the green tea set last week and paid by card. The bank shows the payment twice, with the same amount and the same time, so one of them should be sent back. I have attached nothing yet, but I can send you the statement if that helps. Could you look into it, please?',
] as const

export const answers = [
  'Hello! How can I help you?',
  '您好，请问有什么可以帮您？',
  '稍等，我帮您查一下。',
  'One moment, please.',
  'Thank you for waiting. Your order left our warehouse this morning and should be with you on Thursday.',
  '感谢您的耐心等待。您的订单今天早上已经从仓库发出，预计周四送达，快递单号稍后会发到您的邮箱。',
  'I am sorry about that. We will send you a new one today, free of charge; there is no need to send the broken one back.',
  '非常抱歉给您带来不便。我们今天就为您免费补发一份，破损的商品不需要寄回。',
  'Done: the address is changed.',
  '已经修改好了，请您核对一下。',
  'You are welcome. Have a good day!',
  '不客气，祝您生活愉快！如果还有其他问题，随时可以在这里联系我们，我们的工作时间是每天上午九点到晚上九点，节假日也有人值班。',
] as const

export const names = ['', '', '', '小林', '王芳', 'Anna', '李明', 'Jonas Weber', '陈静', 'Olivia'] as const
