# Prepares a list of loss functions, one lambda for each filter. All of them look up k when they are called, and by
# then k is the last filter: 24 ascents, all for filter 23.
#
# /// label
# objective = "fail"
#
# [feedback_mentions]
# objective = ["filter 23"]
#
# [causes]
# objective = "one_filter_for_all"
# ///

# %% cnn
model = keras.Sequential([layers.Input(shape=(28, 28, 1))])
plan = "C12 P C16 C20 P C24 F D".split()
seen = 0
for item in plan:
    if item[0] == "C":
        title = "conv2d" if seen == 0 else "conv2d_" + str(seen)
        model.add(layers.Conv2D(int(item[1:]), 3, padding="same", activation="silu", name=title))
        seen += 1
    elif item == "P":
        model.add(layers.MaxPooling2D())
    elif item == "F":
        model.add(layers.Flatten())
    else:
        model.add(layers.Dense(10, activation="softmax"))

# %% train
model.compile(optimizer=keras.optimizers.Adam(2.5e-3), loss="categorical_crossentropy", metrics=["accuracy"])
log = keras.callbacks.History()
model.fit(x_train, y_train, batch_size=30, epochs=5, verbose=2, callbacks=[log])
results = log
print("done after", len(results.epoch), "epochs")

# %% ascent
layer_name = "conv2d_3"
number_of_filters = 24
visualized_feature = []

upper_end = keras.Model(model.inputs, model.get_layer(layer_name).output)

losses = []
for k in range(number_of_filters):
    losses.append(lambda picture: tf.reduce_mean(upper_end(picture)[:, :, :, k]))

for loss_of_filter in losses:
    picture = tf.Variable(tf.random.uniform((1, 28, 28, 1)))
    for _ in range(gradient_updates):
        with tf.GradientTape() as tape:
            now = loss_of_filter(picture)
        picture.assign_add(step_size * normalize(tape.gradient(now, picture)))
    visualized_feature.append(picture.numpy())

# %% plot
figure, all_axes = plt.subplots(4, 6, figsize=(10, 7), subplot_kw={"xticks": [], "yticks": []})
for number, ax in enumerate(all_axes.reshape(-1)):
    ax.imshow(deprocess_image(visualized_feature[number].copy())[0, ..., 0], cmap="gray")
    ax.set_title(f"feature {number}", fontsize=10)
plt.show()
