# Fifty normalised steps, but of size 0.01, because a learning rate of 1 looked wrong. The images move by
# half a grey level altogether: still mostly noise, though the activation does rise.
#
# /// label
# updates = "fail"
# ascent = ["pass", "partial", "fail"]
# objective = ["pass", "partial"]
#
# [feedback_mentions]
# updates = ["size"]
#
# [causes]
# updates = "other_step_size"
# ///

# %% cnn
def block(x, n, i):
    name = "conv2d" + (f"_{i}" if i else "")
    return layers.Conv2D(n, 3, padding="same", activation="relu", name=name)(x)


inputs = layers.Input(shape=(28, 28, 1))
x = block(inputs, 8, 0)
x = layers.MaxPooling2D()(x)
x = block(x, 16, 1)
x = block(x, 32, 2)
x = block(x, 64, 3)
x = layers.MaxPooling2D()(x)
x = layers.Flatten()(x)
outputs = layers.Dense(10, activation="softmax")(x)
model = keras.Model(inputs, outputs)

# %% train
model.compile(optimizer="rmsprop", loss="categorical_crossentropy", metrics=["accuracy"])
results = model.fit(x_train, y_train, batch_size=32, epochs=4, verbose=2)

# %% ascent
layer_name = "conv2d_3"
number_of_filters = 64
step_size = 0.01  # 1 is far too large for a learning rate

maps_of = keras.Model(inputs, model.get_layer(layer_name).output)
images = tf.Variable(np.random.uniform(size=(number_of_filters, 28, 28, 1)).astype(np.float32))
own = tf.eye(number_of_filters)

for update in range(gradient_updates):
    with tf.GradientTape() as tape:
        means = tf.reduce_mean(maps_of(images), axis=(1, 2))
        loss = tf.reduce_sum(own * means)
    g = tape.gradient(loss, images)
    g /= tf.sqrt(tf.reduce_mean(g * g, axis=(1, 2, 3), keepdims=True)) + 1e-7
    images.assign_add(step_size * g)
    print(update, float(loss))

visualized_feature = [images[k : k + 1].numpy() for k in range(number_of_filters)]

# %% plot
figure, axs = plt.subplots(8, 8, figsize=(12, 12), constrained_layout=True)
for k in range(64):
    a = axs[k // 8][k % 8]
    a.imshow(deprocess_image(visualized_feature[k].copy())[0, ..., 0], cmap="gray")
    a.set_title(f"feature {k}")
    a.axis("off")
plt.show()
