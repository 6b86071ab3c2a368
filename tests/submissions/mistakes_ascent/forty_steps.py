# Skips the first ten updates by range(10, gradient_updates): forty steps of the right size instead of
# fifty. Apart from that everything is right.
#
# /// label
# updates = "partial"
#
# [feedback_mentions]
# updates = ["50"]
#
# [causes]
# updates = "other_number_of_steps"
# ///

# %% cnn
image_in = layers.Input(shape=(28, 28, 1), name="image")
h1 = layers.Conv2D(8, 3, padding="same", activation="relu", name="conv2d")(image_in)
h1 = layers.MaxPooling2D(2)(h1)
h2 = layers.Conv2D(16, 3, padding="same", activation="relu", name="conv2d_1")(h1)
h3 = layers.Conv2D(32, 3, padding="same", activation="relu", name="conv2d_2")(h2)
h4 = layers.Conv2D(64, 3, padding="same", activation="relu", name="conv2d_3")(h3)
h4 = layers.AveragePooling2D(2)(h4)
flat = layers.Flatten()(h4)
probs = layers.Dense(10, activation="softmax")(flat)
model = keras.Model(inputs=image_in, outputs=probs)

# %% train
model.compile(optimizer=keras.optimizers.Adam(1e-3), loss="categorical_crossentropy", metrics=["accuracy"])
results = model.fit(x_train, y_train, batch_size=32, epochs=4, verbose=0)
for epoch, value in enumerate(results.history["loss"]):
    print(epoch, value)

# %% ascent
layer_name = "conv2d_3"
number_of_filters = 64
visualized_feature = []

head = keras.Model(image_in, model.get_layer(layer_name).output)


@tf.function
def one_step(img, k):
    with tf.GradientTape() as tape:
        tape.watch(img)
        loss = tf.reduce_mean(tf.gather(head(img), k, axis=-1))
    return img + step_size * normalize(tape.gradient(loss, img)), loss


for filter_index in range(number_of_filters):
    input_img = tf.random.uniform((1, 28, 28, 1))
    # the first ten do not count (warm up)
    for update in range(10, gradient_updates):
        input_img, loss = one_step(input_img, tf.constant(filter_index))
    visualized_feature.append(input_img.numpy())

# %% plot
figure = plt.figure(figsize=(12, 12))

for i in range(64):
    panel = plt.subplot(8, 8, i + 1)
    panel.imshow(deprocess_image(visualized_feature[i].copy())[0], cmap="gray")
    panel.set_title(f"feature {i}", size=8)
    panel.set_xticks([])
    panel.set_yticks([])

plt.show()
