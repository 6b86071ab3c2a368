# Lets eight images climb at once, and forgets the index when they are stored: for each of the eight, the first image
# of the batch is appended. 32 images, four of them different.
#
# /// label
# images = ["partial", "fail"]
# ascent = ["pass", "partial", "fail"]
# objective = ["partial", "fail"]
# plot = ["pass", "partial", "fail"]
#
# [feedback_mentions]
# images = ["4 are different"]
#
# [causes]
# images = "same_image"
# ascent = "same_image"
# objective = "same_image"
# plot = "same_panels"
# ///

# %% cnn
def block(x, filters, name):
    x = layers.Conv2D(filters, 3, padding="same", use_bias=False, name=name)(x)
    x = layers.BatchNormalization()(x)
    return layers.ReLU()(x)


digit = layers.Input(shape=(28, 28, 1))
h = block(digit, 8, "conv2d")
h = layers.MaxPool2D()(h)
h = block(h, 16, "conv2d_1")
h = layers.MaxPool2D()(h)
h = block(h, 24, "conv2d_2")
h = block(h, 32, "conv2d_3")
h = layers.Flatten()(h)
model = keras.Model(digit, layers.Dense(10, "softmax")(h))

# %% train
model.compile(keras.optimizers.Adam(3e-3), loss="categorical_crossentropy", metrics=["accuracy"])
results = model.fit(x_train, y_train, epochs=6, batch_size=32, verbose=2)

# %% ascent
layer_name = "conv2d_3"
number_of_filters = 32
batch = 8
visualized_feature = []

extractor = keras.Model(model.inputs, model.get_layer(layer_name).output)


def rms(g):
    return tf.sqrt(tf.reduce_mean(g**2, axis=(1, 2, 3), keepdims=True))


for start in range(0, number_of_filters, batch):
    imgs = tf.Variable(tf.random.uniform((batch, 28, 28, 1)))
    for _ in range(gradient_updates):
        with tf.GradientTape() as tape:
            maps = extractor(imgs, training=False)
            loss = sum(tf.reduce_mean(maps[j, :, :, start + j]) for j in range(batch))
        g = tape.gradient(loss, imgs)
        imgs.assign_add(step_size * g / (rms(g) + 1e-7))
    # back to single images
    for j in range(batch):
        visualized_feature.append(imgs.numpy()[0])

# %% plot
figure = plt.figure(figsize=(13, 7))
for i, img in enumerate(visualized_feature):
    ax = figure.add_subplot(4, 8, i + 1)
    ax.imshow(deprocess_image(img.copy())[:, :, 0], cmap="gray")
    ax.set_title(f"feature {i}")
    ax.axis("off")
plt.show()
