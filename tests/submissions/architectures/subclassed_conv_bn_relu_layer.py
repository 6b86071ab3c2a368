# A layer of her own joins convolution, batch normalisation and ReLU, and a subclassed model has a list of
# four of them, called block_0 to block_3. The images belong to what block_3 puts out; the model has a
# method that stops after a given block.
#
# /// label
# ///

# %% cnn
class ConvBlock(layers.Layer):
    def __init__(self, filters, stride=1, **kw):
        super().__init__(**kw)
        self.conv = layers.Conv2D(filters, 3, strides=stride, padding="same", use_bias=False)
        self.bn = layers.BatchNormalization(momentum=0.9)

    def call(self, x, training=False):
        x = self.conv(x)
        x = self.bn(x, training=training)
        return tf.nn.relu(x)


class BlockNet(keras.Model):
    def __init__(self):
        super().__init__()
        self.blocks = [
            ConvBlock(12, stride=2, name="block_0"),
            ConvBlock(16, name="block_1"),
            ConvBlock(24, stride=2, name="block_2"),
            ConvBlock(64, name="block_3"),
        ]
        self.flat = layers.Flatten()
        self.out = layers.Dense(10, activation="softmax")

    def up_to(self, x, name, training=False):
        for b in self.blocks:
            x = b(x, training=training)
            if b.name == name:
                break
        return x

    def call(self, x, training=False):
        x = self.up_to(x, "block_3", training=training)
        return self.out(self.flat(x))


model = BlockNet()
model(tf.zeros((1, 28, 28, 1)))   # so that the weights exist
model.summary()

# %% train
model.compile(optimizer=keras.optimizers.Adam(1e-3),
              loss="categorical_crossentropy",
              metrics=["accuracy"])
results = model.fit(x_train, y_train, epochs=4, batch_size=32, verbose=2,
                    validation_data=(x_test, y_test))

# %% ascent
layer_name = "block_3"
number_of_filters = 64
visualized_feature = []

@tf.function
def grad_step(img, idx):
    with tf.GradientTape() as tape:
        tape.watch(img)
        maps = model.up_to(img, layer_name)
        loss = tf.reduce_mean(maps[:, :, :, idx])
    grads = normalize(tape.gradient(loss, img))
    return img + step_size * grads, loss

for filter_index in range(number_of_filters):
    img = tf.random.uniform((1, 28, 28, 1))
    for update in range(gradient_updates):
        img, loss = grad_step(img, tf.constant(filter_index))
    if filter_index % 16 == 0:
        print("filter", filter_index, "loss", loss.numpy())
    visualized_feature.append(img.numpy())

# %% plot
figure = plt.figure(figsize=(12, 12))
for i in range(64):
    ax = plt.subplot(8, 8, i + 1)
    ax.imshow(deprocess_image(visualized_feature[i].copy())[0, ..., 0], cmap="gray")
    ax.set_title("feature {:d}".format(i))
    ax.axis("off")
plt.subplots_adjust(hspace=0.35)
plt.show()
