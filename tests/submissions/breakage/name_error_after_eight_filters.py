# The climb is right, but the progress report after every eighth filter prints a variable that does not exist.
# The loop stops with a NameError when eight images have been kept; the other 56 filters have none. The figure
# of these eight is what can be plotted.
#
# /// label
# images = ["partial", "fail"]
# ascent = ["pass", "partial"]
# objective = ["pass", "partial"]
#
# [feedback_mentions]
# images = ["8"]
# ///

# %% cnn
img = keras.Input(shape=(28, 28, 1))
c1 = layers.Conv2D(12, 3, padding="same", activation="relu", name="conv2d")(img)
p1 = layers.MaxPooling2D()(c1)
c2 = layers.Conv2D(16, 3, padding="same", activation="relu", name="conv2d_1")(p1)
c3 = layers.Conv2D(16, 3, padding="same", activation="relu", name="conv2d_2")(c2)
c4 = layers.Conv2D(64, 3, padding="same", activation="relu", name="conv2d_3")(c3)
p2 = layers.AveragePooling2D(2)(c4)
flat = layers.Flatten()(p2)
out = layers.Dense(10, activation="softmax")(flat)
model = keras.Model(img, out)

# %% train
model.compile(loss="categorical_crossentropy", optimizer=keras.optimizers.Adam(), metrics=["accuracy"])
results = model.fit(x_train, y_train, epochs=3, batch_size=32, verbose=2)

# %% ascent
layer_name = "conv2d_3"
number_of_filters = 64
visualized_feature = []

up_to_c4 = keras.Model(img, c4)

for filter_index in range(number_of_filters):
    # 1. noise
    input_img = tf.Variable(tf.random.uniform(shape=(1, 28, 28, 1), minval=0.0, maxval=1.0))

    for update in range(gradient_updates):
        # 2.
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(up_to_c4(input_img)[:, :, :, filter_index])
        # 3.
        grads = normalize(tape.gradient(loss, input_img))
        # 4.
        input_img.assign_add(step_size * grads)

    # 5.
    visualized_feature.append(input_img.numpy())

    if (filter_index + 1) % 8 == 0:
        print("finished", filter_index + 1, "of", number_of_filters, "last activation:", float(loss_value))

# %% plot
figure = plt.figure(figsize=(12, 12))

for i, picture in enumerate(visualized_feature):
    plt.subplot(8, 8, i + 1)
    plt.imshow(deprocess_image(picture.copy())[0, :, :, 0], cmap="gray")
    plt.title(f"feature {i}")
    plt.axis("off")

plt.show()
