# 64 images in one batch, but they climb the logits of the ten digits in turn (i modulo 10) and not the
# feature maps of the layer. Images of such contrast raise many a filter, but by chance.
#
# /// label
# objective = "fail"
# ascent = ["pass", "partial", "fail"]
#
# [feedback_mentions]
# objective = ["filter"]
#
# [causes]
# ascent = "class_score"
# objective = "class_score"
# ///

# %% cnn
image = keras.Input(shape=(28, 28, 1))
y = layers.Conv2D(8, 3, padding="same", activation="relu", name="conv2d")(image)
y = layers.MaxPooling2D()(y)
y = layers.Conv2D(16, 3, padding="same", activation="relu", name="conv2d_1")(y)
y = layers.Conv2D(32, 3, padding="same", activation="relu", name="conv2d_2")(y)
y = layers.Conv2D(64, 3, padding="same", activation="relu", name="conv2d_3")(y)
y = layers.MaxPooling2D()(y)
y = layers.Flatten()(y)
y = layers.Dense(10, name="logits")(y)
model = keras.Model(image, layers.Softmax()(y))

# %% train
model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
results = model.fit(x_train, y_train, batch_size=32, epochs=3, verbose=2)
loss_per_epoch = results.history["loss"]
print(["%.3f" % value for value in loss_per_epoch])

# %% ascent
layer_name = "conv2d_3"
number_of_filters = 64

# before the softmax, because the softmax saturates
logits = keras.Model(image, model.get_layer("logits").output)
neuron = tf.constant([i % 10 for i in range(number_of_filters)])

batch = tf.Variable(np.random.rand(number_of_filters, 28, 28, 1).astype("float32"))
for update in range(gradient_updates):
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(logits(batch) * tf.one_hot(neuron, 10))
    gradient = tape.gradient(loss, batch)
    norm = np.sqrt(np.mean(gradient.numpy() ** 2, axis=(1, 2, 3), keepdims=True)) + 1e-7
    batch.assign_add(step_size * gradient / norm)

visualized_feature = [np.array(b) for b in batch.numpy()]

# %% plot
figure, axes = plt.subplots(8, 8, figsize=(12, 12))
axes = axes.flatten()
for i in range(64):
    axes[i].imshow(deprocess_image(visualized_feature[i].copy())[:, :, 0], cmap="gray")
    axes[i].set_title(f"feature {i}")
    axes[i].axis("off")
plt.show()
